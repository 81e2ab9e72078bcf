"""Debian's Chromium, as the tests launch it. Without it they are skipped by that name."""

from __future__ import annotations

import shutil

CHROMIUM = shutil.which("chromium")

_ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup")
"""The lists under a window's address bar are pages of their own, each as dear to open as ours; nobody types there."""

_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
"""What Playwright 1.6x switches off by itself. Chromium heeds only the last list it is given, and that is ours."""

ARGS = ["--no-sandbox", f"--disable-features={','.join(_ADDRESS_BAR + _PLAYWRIGHT)}"]
