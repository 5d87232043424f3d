-- expect: error | attacks: a JSON file that is one deep list
-- setup: head -c 30000000 /dev/zero | tr '\0' '[' > deep.json
json.query_file("deep.json", ".")
