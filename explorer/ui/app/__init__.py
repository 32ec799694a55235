"""What the whole app needs once: navigation, style, warm-up, deep links."""
