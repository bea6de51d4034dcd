// The page begins.

performance.mark("table-begun");
part("browser").hidden = false;
loadCorrections();
listenToTable();
listenToPlayer();
listenToOverview();
listenToCorrections();
listenToMap();
readAddress();
refresh();
addEventListener("popstate", () => { readAddress(); refresh(); });
if (view.clip !== "" && matcher()(Number(view.clip))) openClip(Number(view.clip));
performance.measure("table", "table-begun");
