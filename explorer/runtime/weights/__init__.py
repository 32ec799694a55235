"""Where a variant's weights come from: bundled, published, a folder's, or seeded."""
