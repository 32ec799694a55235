"""What a channel looks for: a picture that excites it, found by gradient ascent, beside pictures of the world."""
