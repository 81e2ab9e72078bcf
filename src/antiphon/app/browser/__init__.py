"""The staff page: server-rendered; nothing is built yet."""

routes: list[object] = []
