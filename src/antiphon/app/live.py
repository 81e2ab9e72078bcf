"""Live numbers over one WebSocket; nothing is built yet."""

routes: list[object] = []
