import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';

/** Debian's Chromium; without the flags it looks for its maker's hosts at every start. */
const executablePath = '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Opens a page in a real browser, and closes the browser afterwards. */
export async function inBrowser<T>(url: string, look: (page: Page) => Promise<T>): Promise<T> {
  if (!existsSync(executablePath)) throw new Error('chromium is not installed: `make setup` does it');
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 1250 } });
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    return await look(page);
  } finally {
    await browser.close();
  }
}
