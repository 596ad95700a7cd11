// One way to write markup: htm bound to Preact.  Text put into it is always text, never markup.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
