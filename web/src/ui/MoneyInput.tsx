import type { NumberInputProps } from "@mantine/core";
import { currency } from "@/lib/company";
import { NumberInput } from "./controls";

/** An amount in the company's currency. */
export function MoneyInput(props: NumberInputProps) {
  return <NumberInput min={0} decimalScale={2} thousandSeparator=" " suffix={` ${currency() ?? ""}`} {...props} />;
}
