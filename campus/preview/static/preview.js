// Shows the page anew after a save. The browser keeps the place in it.
"use strict";
new EventSource("/changes?since=" + document.body.dataset.stamp).addEventListener("changed", () => location.reload());
