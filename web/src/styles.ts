// What is first comes first: Mantine's own, then what is ours.
import "./ui/mantine";
import "./fonts.css";
import "./app.css";
import "./shell/shell.css";
