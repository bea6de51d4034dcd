// The page begins.

performance.mark("table-begun");
part("browser").hidden = false;
loadCorrections();
listenToTable();
listenToPlayer();
listenToOverview();
listenToMap();
readAddress();
refresh();
addEventListener("popstate", () => { readAddress(); refresh(); });
addEventListener("hashchange", () => { readAddress(); refresh(); });
if (view.clip !== "") openClip(Number(view.clip));
performance.measure("table", "table-begun");
