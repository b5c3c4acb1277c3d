"""A real Chromium that looks at the page, and what it must never do there."""
import glob
import os
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from harness import expect_equal

WIDE, PHONE = (1280, 900), (390, 844)
AXE = os.path.join(os.path.dirname(__import__("axe_playwright_python").__file__), "axe.min.js")


class View:
    """One tab on the page of a bridge; what it asked for and what it complained of is kept."""

    def __init__(self, browser, port, size=WIDE, scheme="light"):
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
                                           device_scale_factor=2 if size == PHONE else 1)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=f"http://127.0.0.1:{port}")
        self.tab = self.context.new_page()
        self.asked, self.bytes, self.complaints = [], 0, []
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.root = f"http://127.0.0.1:{port}/"
        self.tab.goto(self.root)

    def close(self):
        self.context.close()

    def verdict(self):
        return self.tab.locator("h1").inner_text()

    def state(self):
        return self.tab.locator("#verdict").get_attribute("data-state")

    def waits_for(self, text, seconds=30):
        self.tab.get_by_text(text, exact=False).first.wait_for(timeout=seconds * 1000)

    def waits_for_state(self, state, seconds=30):
        self.tab.locator(f"#verdict[data-state={state}]").wait_for(timeout=seconds * 1000)

    def tile(self, name):
        """The text of a tile, number and unit."""
        return self.tab.locator("#tiles > div", has=self.tab.locator("dt", has_text=name)).locator("dd.value").inner_text()

    def row(self, table, name):
        return self.tab.locator(f"[aria-labelledby={table}].scroll tbody tr", has_text=name)

    def cell(self, table, name, head):
        return self.row(table, name).locator(f"[data-head='{head}']").inner_text().replace(",", "")

    def number(self, table, name, head):
        return int(self.cell(table, name, head))

    def overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.tab.evaluate("document.documentElement.scrollWidth - innerWidth")

    def axe(self):
        """What axe-core finds wrong."""
        with open(AXE, encoding="utf-8") as file:
            self.tab.evaluate(file.read())  # by the debugger: the page's own policy does not apply to it
        found = self.tab.evaluate("axe.run()")
        return [f"{one['id']}: {node['html'][:120]}: {node['failureSummary']}" for one in found["violations"] for node in one["nodes"]]

    def picture(self, folder, name):
        self.tab.screenshot(path=os.path.join(folder, name + ".png"), full_page=True)

    def is_quiet(self):
        """It asked nobody else, and the console has no error."""
        expect_equal([url for url in self.asked if not url.startswith((self.root, "data:"))], [], "requests to others")
        expect_equal(self.complaints, [], "errors on the console")


@contextmanager
def chromium(**variables):
    """With further variables of its environment."""
    program = next(path for path in ["/usr/bin/chromium", *glob.glob("/usr/bin/chromium-browser")] if os.path.exists(path))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], env={**os.environ, **variables})
        try:
            yield browser
        finally:
            browser.close()
