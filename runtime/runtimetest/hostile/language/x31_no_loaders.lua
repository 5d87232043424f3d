-- expect: ok | attacks: libraries that must not be there
for _, n in ipairs{"io","package","load","loadstring","dofile","loadfile","setfenv","getfenv","newproxy","collectgarbage","module","channel"} do if _G[n] ~= nil then print("ESCAPED", n) end end
for _, n in ipairs{"execute","exit","remove","rename","getenv","setenv","tmpname","setlocale"} do if os[n] ~= nil then print("ESCAPED", n) end end
for k in pairs(debug) do if k ~= "traceback" then print("ESCAPED", k) end end if string.dump then print"ESCAPED" end print"OK"
