"""Run the command line: `python -m tetherlight`."""

from tetherlight.cli.main import main

if __name__ == "__main__":
    main()
