"""What all scenes share: an empty stage, a camera, light, materials and shapes, for Blender's Python module (bpy).

Lengths are in metres, z is up. Every shape that is made is returned, so that a scene can turn or cut it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

Point = tuple[float, float, float]
Colour = tuple[float, float, float]  # linear red, green, blue in 0..1
Surface = Any  # a bpy.types.Material: bpy has no types that a checker could read
Item = Any  # a bpy.types.Object


def clear_stage() -> None:
    """An empty scene with nothing of Blender's own in it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.world = bpy.data.worlds.new("World")


def render(file: Path, size: tuple[int, int], samples: int, threads: int, exposure: float) -> None:
    """Trace the paths of light through the scene, and save it as JPEG or PNG, by the file's name."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 4
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.cycles.seed = 0
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.view_settings.exposure = exposure
    scene.render.image_settings.file_format = "JPEG" if file.suffix == ".jpg" else "PNG"
    scene.render.image_settings.quality = 88
    scene.render.filepath = str(file)
    bpy.ops.render.render(write_still=True)


# ---- camera and light ---------------------------------------------------------------------------------------


def camera(at: Point, towards: Point, focal: float, aperture: float | None = None, focus: Point | None = None) -> None:
    """A camera with a sensor of 36 mm: focal length in mm, aperture as the f-number (None: everything is sharp)."""
    data = bpy.data.cameras.new("Camera")
    data.lens = focal
    if aperture is not None:
        data.dof.use_dof = True
        data.dof.aperture_fstop = aperture
        data.dof.focus_distance = (Vector(focus or towards) - Vector(at)).length
    item = _placed("Camera", data)
    item.location = at
    item.rotation_euler = (Vector(towards) - Vector(at)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.camera = item


def sun(
    elevation: float, azimuth: float, strength: float = 4.0, angle: float = 0.6, colour: Colour = (1, 0.95, 0.87)
) -> None:
    """Sunlight; elevation and azimuth in degrees (0: from +y, 90: from +x), angle of the disc in degrees."""
    data = bpy.data.lights.new("Sun", "SUN")
    data.energy, data.angle, data.color = strength, math.radians(angle), colour
    item = _placed("Sun", data)
    e, a = math.radians(elevation), math.radians(azimuth)
    source = Vector((math.sin(a) * math.cos(e), math.cos(a) * math.cos(e), math.sin(e)))
    item.rotation_euler = source.to_track_quat("Z", "Y").to_euler()


def lamp(at: Point, towards: Point, side: float, power: float, colour: Colour = (1, 1, 1)) -> None:
    """A square softbox with this side, in watts."""
    data = bpy.data.lights.new("Lamp", "AREA")
    data.size, data.energy, data.color = side, power, colour
    item = _placed("Lamp", data)
    item.location = at
    item.rotation_euler = (Vector(towards) - Vector(at)).to_track_quat("-Z", "Y").to_euler()


def plain_world(colour: Colour, strength: float) -> None:
    """The same light from everywhere."""
    background = _world_nodes().nodes.new("ShaderNodeBackground")
    background.inputs["Color"].default_value = (*colour, 1)
    background.inputs["Strength"].default_value = strength
    _shine(background)


def sky(
    zenith: Colour, horizon: Colour, clouds: float, strength: float = 1.0, seed: float = 0.0, scale: float = 2.2
) -> None:
    """A sky that grows paler towards the horizon; clouds: how much of it they cover, 0 to 1."""
    nodes = Nodes(_world_nodes())
    direction = nodes.add("ShaderNodeTexCoord").outputs["Generated"]
    height = nodes.add("ShaderNodeSeparateXYZ", Vector=direction).outputs["Z"]
    blue = nodes.ramp(height, [(0.0, horizon), (0.45, zenith)])
    # Clouds lie in a plane far above: directions are projected onto it, so that clouds flatten towards the horizon.
    lifted = nodes.math("MAXIMUM", nodes.math("ADD", height, 0.12), 0.05)
    plane = nodes.add("ShaderNodeVectorMath", "DIVIDE")
    nodes.link(direction, plane.inputs[0])
    nodes.link(lifted, plane.inputs[1])
    moved = nodes.add("ShaderNodeMapping", Vector=plane.outputs[0], Location=(seed, 2 * seed, 0), Scale=(1, 1, 0.0))
    noise = nodes.add("ShaderNodeTexNoise", Vector=moved.outputs[0], Scale=scale, Detail=9.0, Roughness=0.58)
    edge = 0.68 - 0.36 * clouds
    cover = nodes.ramp(noise.outputs[0], [(edge, (0, 0, 0)), (edge + 0.16, (1, 1, 1))])
    body = nodes.ramp(noise.outputs[0], [(edge, (1.0, 1.0, 1.0)), (edge + 0.3, (0.62, 0.66, 0.72))])
    mixed = nodes.mix(cover, blue, body)
    background = nodes.add("ShaderNodeBackground", Color=mixed, Strength=strength)
    _shine(background)


def _world_nodes() -> Any:
    world = bpy.context.scene.world
    world.use_nodes = True
    world.node_tree.nodes.clear()
    return world.node_tree


def _shine(background: Any) -> None:
    tree = bpy.context.scene.world.node_tree
    output = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(background.outputs[0], output.inputs[0])


# ---- materials ----------------------------------------------------------------------------------------------


class Nodes:
    """A material's or a world's nodes, with a short way to add one."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree

    def add(self, kind: str, operation: str = "", **inputs: Any) -> Any:
        """A node; each input is a value, or another node's output. "_" in a name stands for a space."""
        node = self.tree.nodes.new(kind)
        if operation:
            node.operation = operation
        for name, value in inputs.items():
            self.set(node.inputs[name.replace("_", " ")], value)
        return node

    def set(self, socket: Any, value: Any) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self.link(value, socket)
        elif isinstance(value, tuple) and len(value) == 3 and socket.type == "RGBA":
            socket.default_value = (*value, 1)
        else:
            socket.default_value = value

    def link(self, output: Any, socket: Any) -> None:
        self.tree.links.new(output, socket)

    def math(self, operation: str, first: Any, second: Any = 0.0) -> Any:
        node = self.tree.nodes.new("ShaderNodeMath")
        node.operation = operation
        self.set(node.inputs[0], first)
        self.set(node.inputs[1], second)
        return node.outputs[0]

    def ramp(self, value: Any, stops: Sequence[tuple[float, Colour]]) -> Any:
        """Colours by a value, linear between the stops."""
        node = self.tree.nodes.new("ShaderNodeValToRGB")
        elements = node.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (position, colour) in zip(elements, stops, strict=True):
            element.position, element.color = position, (*colour, 1)
        self.link(value, node.inputs[0])
        return node.outputs[0]

    def mix(self, share: Any, first: Any, second: Any) -> Any:
        """A colour between two: the second where the share is 1."""
        node = self.tree.nodes.new("ShaderNodeMix")
        node.data_type = "RGBA"
        self.set(node.inputs[0], share)
        self.set(node.inputs[6], first)
        self.set(node.inputs[7], second)
        return node.outputs[2]


def material(
    colour: Colour,
    roughness: float = 0.5,
    *,
    metal: float = 0.0,
    coat: float = 0.0,
    glass: float = 0.0,
    glow: float = 0.0,
    through: float = 0.0,
    uneven: float = 0.0,
    grain: float = 0.0,
    scale: float = 8.0,
) -> Any:
    """A surface.

    Args:
        coat: a clear lacquer on top; glass: how much light goes through as through glass.
        glow: its own light; through: how much light shines through as through thin cloth.
        uneven: how much the colour varies (dirt, weather); grain: height of small bumps, in metres.
        scale: of both, in features a metre.
    """
    found = bpy.data.materials.new("Material")
    found.use_nodes = True
    nodes = Nodes(found.node_tree)
    shader = found.node_tree.nodes["Principled BSDF"]
    for name, value in {
        "Base Color": colour,
        "Roughness": roughness,
        "Metallic": metal,
        "Coat Weight": coat,
        "Transmission Weight": glass,
        "Emission Color": colour,
        "Emission Strength": glow,
    }.items():
        nodes.set(shader.inputs[name], value)
    if uneven or grain:
        place = nodes.add("ShaderNodeTexCoord").outputs["Object"]
        noise = nodes.add("ShaderNodeTexNoise", Vector=place, Scale=scale, Detail=8.0, Roughness=0.6).outputs[0]
        if uneven:
            dark = tuple(c * (1 - uneven) for c in colour)
            light = tuple(min(1.0, c * (1 + uneven)) for c in colour)
            nodes.set(shader.inputs["Base Color"], nodes.ramp(noise, [(0.3, dark), (0.7, light)]))
            rough = nodes.math("ADD", nodes.math("MULTIPLY", noise, uneven), roughness - uneven / 2)
            nodes.set(shader.inputs["Roughness"], rough)
        if grain:
            bump = nodes.add("ShaderNodeBump", Height=noise, Distance=grain)
            nodes.link(bump.outputs[0], shader.inputs["Normal"])
    if through:
        cloth = nodes.add("ShaderNodeBsdfTranslucent", Color=colour)
        both = nodes.add("ShaderNodeMixShader")
        both.inputs[0].default_value = through
        nodes.link(shader.outputs[0], both.inputs[1])
        nodes.link(cloth.outputs[0], both.inputs[2])
        nodes.link(both.outputs[0], found.node_tree.nodes["Material Output"].inputs[0])
    return found


def masonry(
    colours: tuple[Colour, Colour], joint: Colour, width: float, height: float, gap: float, depth: float
) -> Any:
    """Courses of stones or bricks on walls of any direction: stones' width and height, the joints' gap, in metres."""
    found = material(colours[0], 0.85)
    nodes = Nodes(found.node_tree)
    shader = found.node_tree.nodes["Principled BSDF"]
    geometry = nodes.add("ShaderNodeNewGeometry")
    x, y, z = nodes.add("ShaderNodeSeparateXYZ", Vector=geometry.outputs["Position"]).outputs
    along = nodes.math("ADD", x, y)  # walls along x and along y both have stones
    place = nodes.add("ShaderNodeCombineXYZ", X=along, Y=z)
    stones = nodes.add(
        "ShaderNodeTexBrick",
        Vector=place.outputs[0],
        Color1=colours[0],
        Color2=colours[1],
        Mortar=joint,
        Scale=1.0,
        Mortar_Size=gap,
        Mortar_Smooth=0.3,
        Brick_Width=width,
        Row_Height=height,
    )
    weather = nodes.add(
        "ShaderNodeTexNoise", Vector=geometry.outputs["Position"], Scale=1.3, Detail=9.0, Roughness=0.65
    )
    tone = nodes.ramp(weather.outputs[0], [(0.32, (0.5, 0.48, 0.45)), (0.62, (1, 1, 1))])
    mixed = nodes.tree.nodes.new("ShaderNodeMix")
    mixed.data_type, mixed.blend_type = "RGBA", "MULTIPLY"
    nodes.set(mixed.inputs[0], 0.8)
    nodes.link(stones.outputs["Color"], mixed.inputs[6])
    nodes.link(tone, mixed.inputs[7])
    nodes.link(mixed.outputs[2], shader.inputs["Base Color"])
    rough = nodes.add("ShaderNodeTexNoise", Vector=geometry.outputs["Position"], Scale=14.0, Detail=6.0)
    height_map = nodes.math("SUBTRACT", nodes.math("MULTIPLY", rough.outputs[0], 0.5), stones.outputs["Fac"])
    bump = nodes.add("ShaderNodeBump", Height=height_map, Distance=depth)
    nodes.link(bump.outputs[0], shader.inputs["Normal"])
    return found


# ---- shapes -------------------------------------------------------------------------------------------------


def _placed(name: str, data: Any, surface: Surface | None = None) -> Item:
    item = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(item)
    if surface is not None:
        data.materials.append(surface)
    return item


def mesh(
    vertices: Any,
    faces: Any,
    surfaces: Surface | list[Surface],
    smooth: bool = True,
    of_face: Any = None,
) -> Item:
    """A shape of its corners (N, 3) and faces (lists of indices); of_face: which of several surfaces each has."""
    data = bpy.data.meshes.new("Mesh")
    if isinstance(faces, np.ndarray):  # many, all with as many corners: without the detour over lists
        data.vertices.add(len(vertices))
        data.vertices.foreach_set("co", np.asarray(vertices, np.float32).ravel())
        data.loops.add(faces.size)
        data.loops.foreach_set("vertex_index", faces.astype(np.int32).ravel())
        data.polygons.add(len(faces))
        data.polygons.foreach_set("loop_start", np.arange(0, faces.size, faces.shape[1], dtype=np.int32))
    else:
        data.from_pydata(np.asarray(vertices).tolist(), [], faces)
    for surface in surfaces if isinstance(surfaces, list) else [surfaces]:
        data.materials.append(surface)
    data.polygons.foreach_set("use_smooth", np.full(len(data.polygons), smooth))
    if of_face is not None:
        data.polygons.foreach_set("material_index", np.asarray(of_face, np.int32))
    data.update(calc_edges=True)
    return _placed("Mesh", data)


def box(centre: Point, size: Point, surface: Surface, bevel: float = 0.0, turn: float = 0.0, segments: int = 4) -> Item:
    """A box with rounded edges, turned about z by degrees."""
    corners = [(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)]
    faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    item = mesh(np.array(corners) * size, faces, surface, smooth=bevel > 0)
    item.location, item.rotation_euler = centre, (0, 0, math.radians(turn))
    if bevel:
        _round(item, bevel, segments)
    return item


def _round(item: Item, width: float, segments: int) -> None:
    bevel = item.modifiers.new("Bevel", "BEVEL")
    bevel.width, bevel.segments = width, segments
    bevel.limit_method, bevel.angle_limit = "ANGLE", math.radians(40)
    bevel.harden_normals = True


def prism(outline: Sequence[tuple[float, float]], depth: float, surface: Surface, bevel: float = 0.0) -> Item:
    """An outline in x and z, drawn out along y by `depth` about y = 0."""
    n = len(outline)
    front = [(x, -depth / 2, z) for x, z in outline]
    back = [(x, depth / 2, z) for x, z in outline]
    sides = [[i, (i + 1) % n, n + (i + 1) % n, n + i] for i in range(n)]
    item = mesh(front + back, [list(range(n))[::-1], list(range(n, 2 * n)), *sides], surface, smooth=bevel > 0)
    if bevel:
        _round(item, bevel, 3)
    return item


def cylinder(
    centre: Point, radius: float, length: float, surface: Surface, axis: str = "z", bevel: float = 0.0, sides: int = 64
) -> Item:
    """A cylinder along an axis, with rounded rims."""
    b = min(bevel, length / 2, radius) or 1e-4
    half = length / 2
    profile = [
        (0.0, -half),
        (radius - b, -half),
        (radius, -half + b),
        (radius, half - b),
        (radius - b, half),
        (0.0, half),
    ]
    item = turned(profile, surface, sides, smooth=False)
    item.location = centre
    item.rotation_euler = {"z": (0, 0, 0), "x": (0, math.pi / 2, 0), "y": (math.pi / 2, 0, 0)}[axis]
    return item


def turned(profile: Sequence[tuple[float, float]], surface: Surface, sides: int = 64, smooth: bool = True) -> Item:
    """A profile of (radius, z), turned about z as on a lathe."""
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    r, z = (np.array(v) for v in zip(*profile, strict=True))
    points = np.stack([r[:, None] * np.cos(angles), r[:, None] * np.sin(angles), z[:, None] + 0 * angles], -1)
    faces = [
        [i * sides + j, i * sides + (j + 1) % sides, (i + 1) * sides + (j + 1) % sides, (i + 1) * sides + j]
        for i in range(len(profile) - 1)
        for j in range(sides)
    ]
    return mesh(points.reshape(-1, 3), faces, surface, smooth)


def ball(centre: Point, radius: float, surface: Surface, stretch: Point = (1, 1, 1)) -> Any:
    angles = np.linspace(-np.pi / 2, np.pi / 2, 33)
    item = turned([(radius * math.cos(a), radius * math.sin(a)) for a in angles], surface)
    item.location, item.scale = centre, stretch
    return item


def tube(points: Sequence[Point], radius: float | Sequence[float], surface: Surface, closed: bool = False) -> Item:
    """A pipe along points, as smooth as they are close; its radius may differ from point to point."""
    data = bpy.data.curves.new("Tube", "CURVE")
    data.dimensions, data.bevel_depth, data.bevel_resolution, data.use_fill_caps = "3D", 1.0, 8, True
    spline = data.splines.new("POLY")
    spline.points.add(len(points) - 1)
    spline.use_cyclic_u, spline.use_smooth = closed, True
    radii = [radius] * len(points) if isinstance(radius, float | int) else radius
    for place, point, r in zip(spline.points, points, radii, strict=True):
        place.co, place.radius = (*point, 1), r
    return _placed("Tube", data, surface)


def through(points: Sequence[Point], each: int = 12) -> list[Point]:
    """A smooth way through points (Catmull-Rom), with `each` steps between two of them."""
    p = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, each, endpoint=False)[:, None]
    way = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return [tuple(point) for point in np.concatenate([*way, p[-1:]])]


def text(
    words: str, centre: Point, height: float, surface: Surface, turn: Point = (90, 0, 0), thick: float = 0.002
) -> Any:
    """Words in Blender's own type, upright and facing -y unless turned (degrees)."""
    data = bpy.data.curves.new("Text", "FONT")
    data.body, data.size, data.extrude = words, height, thick
    data.align_x = data.align_y = "CENTER"
    item = _placed("Text", data, surface)
    item.location, item.rotation_euler = centre, tuple(math.radians(a) for a in turn)
    return item


def move(items: Sequence[Item], to: Point, turns: Sequence[tuple[str, float]]) -> None:
    """Turn shapes together about the origin, by degrees about "X", "Y" or "Z", one after the other; then move them."""
    whole = Matrix.Translation(to)
    for axis, angle in reversed(turns):
        whole = whole @ Matrix.Rotation(math.radians(angle), 4, axis)
    bpy.context.view_layer.update()
    for item in items:
        item.matrix_world = whole @ item.matrix_world


def ground(surface: Surface, side: float, z: float = 0.0) -> Item:
    s = side / 2
    return mesh([(-s, -s, z), (s, -s, z), (s, s, z), (-s, s, z)], [[0, 1, 2, 3]], surface, smooth=False)


def blades(places: Any, length: float, width: float, surfaces: list[Surface], lean: float = 0.5, seed: int = 0) -> Item:
    """Blades of grass that grow at places (N, 3), each bent and turned at random."""
    rng = np.random.default_rng(seed)
    places = np.asarray(places, float)
    n, steps = len(places), np.linspace(0, 1, 5)
    towards = rng.uniform(0, 2 * np.pi, n)
    turned_by = towards + rng.normal(np.pi / 2, 0.7, n)
    bend = np.abs(rng.normal(lean, lean / 2, n))
    tall = length * rng.uniform(0.55, 1.15, n)
    forward = np.stack([np.cos(towards), np.sin(towards), 0 * towards], -1)
    across = np.stack([np.cos(turned_by), np.sin(turned_by), 0 * towards], -1)
    angle = bend[:, None] * steps
    rise = np.cumsum(np.cos(angle), 1) - 1
    reach = np.cumsum(np.sin(angle), 1)
    spine = places[:, None] + (tall / 5)[:, None, None] * (
        reach[..., None] * forward[:, None] + rise[..., None] * np.array([0, 0, 1.0])
    )
    half = width / 2 * (1 - steps**2 * 0.95) * rng.uniform(0.7, 1.3, n)[:, None]
    left = spine - half[..., None] * across[:, None]
    right = spine + half[..., None] * across[:, None]
    points = np.stack([left, right], 2).reshape(-1, 3)  # blade, step, side
    first = (np.arange(n)[:, None] * 10 + 2 * np.arange(4)).reshape(-1, 1)
    faces = first + np.array([0, 1, 3, 2])
    kind = rng.integers(0, len(surfaces), n).repeat(4)
    return mesh(points, faces, surfaces, smooth=True, of_face=kind)
