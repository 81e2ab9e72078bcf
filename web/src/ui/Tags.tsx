// A file of its own: few forms have a list of words, and it comes when one does.
export { TagsInput as default } from "./controls";
