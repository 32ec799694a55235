"""Class activation maps, for networks that end in global average pooling."""
