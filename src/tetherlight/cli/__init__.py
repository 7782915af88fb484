"""The command line: `tetherlight`."""
