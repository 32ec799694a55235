"""An inception module: what each branch contributes and costs."""
