"""The commands of `antiphon`: one file per group. What is heavy is imported inside the functions: --help is quick."""
