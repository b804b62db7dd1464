"""A form that is answered question by question."""

from playwright.async_api import Page, expect


async def choose(page: Page, letter: int) -> None:
    """Mark an option of the question that is shown."""
    await page.locator("fieldset.choices:visible label").nth(letter).click()


async def answer_all(page: Page, letter: int) -> None:
    """Answer what is asked, question by question, up to the review."""
    await expect(page.locator("[data-next]")).to_be_visible()
    while place := await page.locator("[data-place]").text_content():
        if await page.locator("fieldset.choices:visible").count():
            await choose(page, letter)
        await page.locator("[data-next]").click()
        await expect(page.locator("[data-place]")).not_to_have_text(place)
