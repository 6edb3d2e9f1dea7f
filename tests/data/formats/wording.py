"""Words that every sample uses."""

PATCH = """\
diff --git a/shop.py b/shop.py
--- a/shop.py
+++ b/shop.py
@@ -1 +1 @@
-tax = 0
+tax = 7
"""
TASK = "The basket forgets the tax."
