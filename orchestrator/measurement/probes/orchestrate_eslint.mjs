// ESLint's own recommended rules, whatever the project's settings say; it is started in the folder that has ESLint.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(`${process.cwd()}/package.json`));
const { builtinRules } = require("eslint/use-at-your-own-risk");
// Names that a browser or a test runner brings are not known here.
const left_out = new Set(["no-undef"]);
const rules = {};
for (const [name, rule] of builtinRules) {
  if (rule.meta?.docs?.recommended && !left_out.has(name)) rules[name] = "error";
}

export default [
  {
    files: ["**/*.js", "**/*.mjs", "**/*.cjs", "**/*.jsx"],
    languageOptions: { ecmaVersion: "latest", parserOptions: { ecmaFeatures: { jsx: true } } },
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: "off" },
    rules,
  },
  { files: ["**/*.cjs"], languageOptions: { sourceType: "commonjs" } },
];
