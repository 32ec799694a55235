"""The words that the pages use without explaining them each time, a sentence or two each. No torch is needed here."""

from __future__ import annotations

WORDS = {
    "MAC": "One multiply-accumulate of a convolution or linear layer, for one picture: a multiplication, and the "
    "addition of its product. Biases, normalization, activations, pooling and additions are not counted. FLOPs = "
    "2 × MACs; papers often print MACs as FLOPs.",
    "Parameter": "A number that training sets: a weight, a bias, or a scale or shift of a batch normalization.",
    "Feature map": "What one filter makes of its input: a number at each position of a grid. A layer has as many maps, "
    "also called channels, as it has filters.",
    "Receptive field": "The part of the input on which a value of a map can depend; its side is in pixels.",
    "Stride": "How many positions a filter moves at a time: with a stride of 2 the maps have half the side.",
    "Padding": "Zeros around the maps, so that a filter can lie on their border.",
    "1×1 convolution": "A weighted sum over the channels at each position, with the same weights at every position.",
    "Bottleneck": "A 1×1 convolution that leaves fewer maps for the costly convolution after it.",
    "Depthwise convolution": "One filter for each channel, which sees no other channel.",
    "Shortcut": "A path around some layers; its values are added to theirs (ResNet), or put beside them (DenseNet).",
    "Gate": "A number between 0 and 1 by which a map is multiplied.",
    "Batch normalization (bn)": "Shifts and scales each map so that its values have a mean and a spread that training "
    "chose.",
    "ReLU": "Sets negative numbers to zero, and leaves the others.",
    "Logits": "A network's scores, one a class, before softmax makes probabilities of them.",
    "Softmax": "Makes probabilities of scores: all positive, their sum 1, larger ones for larger scores. It names a "
    "class for every picture, also where there is none to name.",
    "L2 norm": "The length of a list of numbers: the square root of the sum of their squares.",
    "conv2_x": "A stage, as the ResNet paper calls it; conv2_x.0 is its first unit, conv2_x.0.relu3 that unit's third "
    "ReLU.",
    "v1.5": "ResNet as torchvision has it: where a stage halves the side, the 3×3 convolution strides; in the "
    "published network (v1) the 1×1 before it does.",
    "Top-1, top-5": "The share of the pictures whose class is the network's first answer, or among its first five.",
    "Crop": "The square part of a picture that the network sees; the answers for several can be averaged.",
    "ImageNet": "Photographs of 1,000 classes, on which most networks here were published.",
    "Imagenette": "Ten easy classes of ImageNet, 9,469 photographs for training and 3,925 for tests: what the networks "
    "that come with the app were trained on.",
    "Quarter width": "Each layer has a quarter of the published network's maps, and so about a sixteenth of its "
    "weights and of its work: small enough to come with the app, and to run for a hall.",
    "Untrained, seeded": "Random weights, the same ones each time. The maps show what the wiring does to a picture, "
    "not what a trained network sees.",
}
"""By the word, in the order in which a beginner may read them."""


def explained(*words: str) -> str:
    """These words with their sentences, as Markdown for a tooltip: a paragraph each."""
    return "\n\n".join(f"**{word}**: {WORDS[word]}" for word in words)
