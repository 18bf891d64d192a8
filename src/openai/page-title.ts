const TITLE = /<title[^>]{0,200}>([^<]{1,512})/i;

/** What a page of HTML is about: its title, else the first text in it. */
export function pageTitle(html: string): string {
  const title = TITLE.exec(html)?.[1] ?? html.slice(0, 4_096).replace(/<[^>]{0,512}>?/g, ' ');
  return title.replace(/\s+/g, ' ').trim();
}
