"""Data augmentation: AlexNet's crops, reflections and colours."""
