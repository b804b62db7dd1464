"""The words of the `bina` command, one module each; `bina_local.cli` puts them together."""
