from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.architectures import family, variant
from explorer.architectures.lenet import (
    BACKGROUND,
    C3_TABLE,
    FOREGROUND,
    LeNet5,
    LeNetConfig,
    PartialConvolution,
    RBFOutput,
    ScaledTanh,
    Subsampling,
    connection_table,
    connections,
    digit_codes,
)
from tests.architectures.parity import assert_parity
from tests.traces import traced

# Section II-B of the paper, layer by layer
PAPER_CONNECTIONS = {
    "c1": 122_304,
    "s2": 5_880,
    "c3": 151_600,
    "s4": 2_000,
    "c5": 48_120,
    "f6": 10_164,
    "output": 840,
}
PAPER_PARAMETERS = {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164, "output": 0}


def randomized(module: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(3)
    for p in module.parameters():
        nn.init.normal_(p, std=0.3, generator=generator)
    return module.eval().requires_grad_(False)


def test_parameters_and_connections_are_the_papers() -> None:
    network = variant("lenet5").build()
    assert {n: sum(p.numel() for p in m.parameters()) for n, m in network.named_children()} == PAPER_PARAMETERS
    assert connections(network) == PAPER_CONNECTIONS
    claimed = next(c for c in family("lenet").claims if c.label == "connections")
    assert f"{sum(connections(network).values()):,}" == claimed.printed


def test_a_full_c3_has_the_links_that_the_table_leaves_out() -> None:
    full = variant("lenet5").build(c3="full")
    assert sum(p.numel() for p in full.c3.parameters()) == 2_416
    assert connections(full)["c3"] == 241_600
    with torch.device("meta"):
        assert connections(variant("lenet5").build()) == PAPER_CONNECTIONS


def test_the_1998_network_computes_what_the_paper_writes_down() -> None:
    network = randomized(variant("lenet5").build())
    p = dict(network.named_parameters())

    def squash(a: Tensor) -> Tensor:
        return 1.7159 * (2 * a / 3).tanh()

    def subsample(x: Tensor, stage: str) -> Tensor:
        total = x[:, :, 0::2, 0::2] + x[:, :, 0::2, 1::2] + x[:, :, 1::2, 0::2] + x[:, :, 1::2, 1::2]
        return squash(total * p[f"{stage}.pool.coefficient"] + p[f"{stage}.pool.bias"])

    # C3 as a full convolution whose missing links are zero
    kernels, biases = torch.zeros(16, 6, 5, 5), torch.zeros(16)
    for i, sources in enumerate(C3_TABLE):
        kernels[i, list(sources)] = p[f"c3.conv.maps.{i}.weight"][0]
        biases[i] = p[f"c3.conv.maps.{i}.bias"]

    x = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(4)) * (FOREGROUND - BACKGROUND) + BACKGROUND
    s2 = subsample(squash(F.conv2d(x, p["c1.conv.weight"], p["c1.conv.bias"])), "s2")
    s4 = subsample(squash(F.conv2d(s2, kernels, biases)), "s4")
    c5 = squash(s4.flatten(1) @ p["c5.conv.weight"].flatten(1).T + p["c5.conv.bias"])
    f6 = squash(c5 @ p["f6.linear.weight"].T + p["f6.linear.bias"])
    distances = torch.cdist(f6, torch.tensor(digit_codes())) ** 2
    torch.testing.assert_close(network(x), distances, rtol=1e-4, atol=1e-3)


def test_the_modern_network_is_the_tutorials() -> None:
    oracle = nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    assert_parity(variant("lenet5_modern").build(), oracle, (1, 32, 32))


def test_table_i_is_three_four_two_by_two_and_all() -> None:
    def neighbours(count: int) -> set[frozenset[int]]:
        return {frozenset((first + i) % 6 for i in range(count)) for first in range(6)}

    rows = [frozenset(row) for row in C3_TABLE]
    assert set(rows[:6]) == neighbours(3)
    assert set(rows[6:12]) == neighbours(4)
    two_and_two = {frozenset({a, a + 1, b, b + 1}) for a, b in [(0, 3), (1, 4)]} | {frozenset({0, 2, 3, 5})}
    assert set(rows[12:15]) == two_and_two
    assert rows[15] == frozenset(range(6))


def test_a_map_of_c3_reads_the_maps_of_its_row_only() -> None:
    c3 = randomized(PartialConvolution(C3_TABLE))
    x = torch.randn(1, 6, 14, 14)
    before = c3(x)
    for source in range(6):
        changed = x.clone()
        changed[:, source] += 1
        differs = (c3(changed) != before).flatten(2).any(dim=2)[0]
        assert differs.tolist() == [source in row for row in C3_TABLE]


@pytest.mark.parametrize("width", [0.1, 0.25, 0.5, 1.5, 2, 3])
def test_other_widths_link_every_map(width: float) -> None:
    s2_maps, c3_maps = max(1, round(6 * width)), round(16 * width)
    table = connection_table(s2_maps, c3_maps)
    assert len(table) == c3_maps
    assert all(table)
    assert {source for row in table for source in row} == set(range(s2_maps))


def test_the_papers_width_has_the_papers_table() -> None:
    assert connection_table(6, 16) == C3_TABLE


def test_sub_sampling_adds_and_scales_and_takes_no_maximum() -> None:
    pool = Subsampling(1)
    nn.init.constant_(pool.coefficient, 0.5)
    nn.init.constant_(pool.bias, 2)
    assert pool(torch.tensor([[[[1.0, 2.0], [3.0, -10.0]]]])).item() == 0.5 * (1 + 2 + 3 - 10) + 2


def test_squashing_passes_through_one() -> None:
    torch.testing.assert_close(
        ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0])), torch.tensor([-1.0, 0.0, 1.0]), rtol=0, atol=1e-5
    )


def test_a_bitmap_is_at_no_distance_from_its_digit() -> None:
    output = RBFOutput()
    codes = torch.tensor(digit_codes())
    assert codes.shape == (10, 84)
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    differing = (codes[:, None] != codes).sum(dim=2)
    assert torch.equal(output(codes), 4.0 * differing)  # (1 - -1)² for each pixel that differs
    assert (differing + 84 * torch.eye(10)).min() >= 12, "two digits look too much alike"


def test_c3_is_one_operation_of_one_stage() -> None:
    t = traced("lenet5")
    c3 = t.node("c3.conv")
    assert (c3.kind, c3.kernel, c3.receptive_field) == ("convolution", (5, 5), (14, 14))
    assert [b.path for b in t.stage("c3").blocks] == ["c3"]


def test_the_codes_are_fixed() -> None:
    network = variant("lenet5").build()
    assert not list(network.output.parameters())
    assert not any("codes" in name for name in network.state_dict())


def test_which_output_wins() -> None:
    assert variant("lenet5").build().smallest_wins
    assert not variant("lenet5_modern").build().smallest_wins


@pytest.mark.parametrize(
    ("config", "sentence"),
    [({"width": 0}, "positive"), ({"num_classes": 26}, "each of the ten digits, not for 26 classes")],
)
def test_impossible_configs_are_refused_with_a_reason(config: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        LeNetConfig(**config)


def test_a_linear_output_takes_any_number_of_classes() -> None:
    letters = LeNet5(LeNetConfig(output="linear", num_classes=26))
    assert letters(torch.zeros(1, 1, 32, 32)).shape == (1, 26)
