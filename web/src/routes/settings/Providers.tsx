import { useParams } from "@tanstack/react-router";
import { lazy } from "react";
import { ProviderList } from "./providers/List";

const NewProvider = lazy(() => import("./providers/New"));
const Provider = lazy(() => import("./providers/Provider"));

export default function Providers() {
  const { item } = useParams({ strict: false });
  if (!item) return <ProviderList />;
  return item === "new" ? <NewProvider /> : <Provider key={item} id={item} />;
}
