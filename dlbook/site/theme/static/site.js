// Comforts of the page. Nothing here is needed to read it.
"use strict";
