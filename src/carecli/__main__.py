"""`python -m carecli` is `care`."""

from carecli.cli.app import main

if __name__ == "__main__":
    main()
