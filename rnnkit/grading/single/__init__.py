"""One submission, or one after the other as they arrive, without a class around them."""
