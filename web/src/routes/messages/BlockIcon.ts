import {
  IconAlignLeft,
  IconCode,
  IconHandClick,
  IconHeading,
  IconPhoto,
  IconSeparatorHorizontal,
} from "@tabler/icons-react";

const ICONS: Record<string, typeof IconCode> = {
  heading: IconHeading,
  text: IconAlignLeft,
  button: IconHandClick,
  image: IconPhoto,
  divider: IconSeparatorHorizontal,
  mjml: IconCode,
};
export const kindIcon = (kind: string): typeof IconCode => ICONS[kind] ?? IconAlignLeft;
