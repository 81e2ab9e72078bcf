"""The only code that runs the SQL of this part: named statements, and those that `engine` makes."""
