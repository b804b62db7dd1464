// Gives a page out again while there is no network: it put itself into the cache (survey.js, check_in.js).
const PAGE = { headers: HEADERS_OF_A_PAGE };

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(page(request));
  else if (new URL(request.url).pathname.startsWith("/static/")) event.respondWith(asset(request));
});

async function page(request) {
  const kept = () => caches.match(request, { ignoreSearch: true, ignoreVary: true });
  try {
    const answer = await fetch(request);
    const instead = answer.status >= 500 && (await kept());
    return instead ? new Response(instead.body, PAGE) : answer;
  } catch (away) {
    const instead = await kept();
    if (!instead) throw away;
    return new Response(instead.body, PAGE);
  }
}

const asset = async (request) => (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
