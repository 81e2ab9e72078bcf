"""What the customers' programs call themselves."""

from __future__ import annotations

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
MAIL_CLIENTS = {
    "phone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "desk": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0",
}
BROWSERS = {
    "phone": f"Mozilla/5.0 (Linux; Android 15; Pixel 8) {_WEBKIT} Mobile Safari/537.36",
    "desk": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Safari/537.36",
}
MACHINE = "Mozilla/5.0"  # all that Apple's mail privacy proxy says of itself
SCANNER = "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0; BOIE9;ENUS)"
