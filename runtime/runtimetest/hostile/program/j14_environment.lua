-- expect: ok | attacks: the environment, files and the end of the program, through jq
for _, p in ipairs({ "env", "$ENV", "env.PATH", "$ENV.HOME", "input", "inputs", "[inputs]", "halt", "halt_error", '"x" | halt_error(0)', "input_filename", "debug", "stderr",
  'import "x" as x; 1', 'include "x"; 1', 'import "../outside/secret" as $x; $x', "get_search_list", "input_line_number", "$__prog_args", "modulemeta", "getpath([1e9])", "splits(1)", "@sh", "ltrimstr(1)", "now", "localtime", "$__loc__" }) do
  local ok, v = pcall(json.query, nil, p)
  if ok and type(v) == "table" and (v.PATH or v.HOME) or ok and type(v) == "string" and (v:find("/bin") or v:find("canary")) then print("ESCAPED", p) end
end
print("OK")
