"""`python -m explorer`."""

from explorer.cli import run

if __name__ == "__main__":
    run()
