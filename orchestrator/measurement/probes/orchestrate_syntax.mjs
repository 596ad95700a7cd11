// Parses the JavaScript files of a list, as a script or as a module, without running any; prints one JSON object.
// node --experimental-vm-modules orchestrate_syntax.mjs LIST
import { readFileSync } from "node:fs";
import vm from "node:vm";

const names = readFileSync(process.argv[2], "utf8").split("\n").slice(0, -1);

function problemOf(name) {
  let text;
  try {
    text = readFileSync(name, "utf8");
  } catch (error) {
    return { line: null, message: `it cannot be read: ${error.code}` };
  }
  const attempts = [
    () => vm.compileFunction(text, ["exports", "require", "module", "__filename", "__dirname"], { filename: name }),
    () => new vm.SourceTextModule(text, { identifier: name }),
  ];
  if (name.endsWith(".cjs")) attempts.pop();
  if (name.endsWith(".mjs")) attempts.shift();
  let last;
  for (const attempt of attempts) {
    try {
      attempt();
      return null;
    } catch (error) {
      last = error;
    }
  }
  const place = /:(\d+)\n/.exec(String(last.stack));
  return { line: place === null ? null : Number(place[1]), message: `${last.name}: ${last.message}` };
}

const problems = names.map((name) => ({ file: name, problem: problemOf(name) })).filter((row) => row.problem !== null);
process.stdout.write(JSON.stringify({ files: names.length, problems }));
