package vm

import (
	"testing"
	"time"
)

func TestSmoke(t *testing.T) {
	out, err := eval(t, Limits{}, 5*time.Second, `
print("a".."b"..1 ..2.5, #"abc", 1e15, 1/3, 0/0, -(0/0), math.huge)
local n=0 local function inc() n=n+1 end
print(pcall(error,"x")) inc() print(n)
local function f(s) s = s .. "x" return s end
print(f("q"))
local function g(s) s = tostring(s) return s end
print(g(12))
print(pcall(function() error("boom") end))
print(pcall(function() error("boom",2) end))
print(pcall(function() error({}) end))
print(xpcall(function() local x = nil; return x.y end, function(e) return "H:"..e end))
print(select('#', pcall(error)))
local co = coroutine.wrap(function(a) local b = coroutine.yield(a+1) pcall(function() coroutine.yield(b*2) end) return "end" end)
print(co(1), co(10), co())
print(pcall(co))
print(("hello world"):match("(%w+) (%w+)"))
print(("abc"):gsub("%w","%0%0"))
print(string.format("%5.2s|%05d|%-5d|%g|%q", "abc", 42, 7, 1.5, "a\nb"))
for k in ("a,b,c"):gmatch("[^,]+") do io = io print(k) end
print(pcall(string.rep)) print(pcall(string.rep,"x",-1))
print(pcall(function() string.rep() end))
print(("x"):rep(3), table.concat({1,2,3},","), unpack({1,2,3}))
local t = {5,3,1} table.sort(t) print(t[1],t[2],t[3])
local function rec(n) if n == 0 then return 0 end return 1 + rec(n-1) end
print(rec(7000))
print(pcall(function() local function r() return 1 + r() end return r() end))
print(tonumber("1e3"), tonumber("0x10"), tonumber("z",36), tonumber("  12  "), tonumber("1e"))
print(debug.traceback("hi"))
local t = setmetatable({}, {__index = function(t,k) return t[k+1] end}) print(pcall(function() return t[1] end))
print(getmetatable("").__index.upper("x"), pcall(function() getmetatable("").__index = 1 end))
function string.trim(s) return (s:gsub("^%s+","")) end print((" x"):trim())
`)
	t.Log(out)
	t.Log(err)
	_, err = eval(t, Limits{}, 200*time.Millisecond, `while true do pcall(function() while true do end end) end`)
	t.Log(err)
	_, err = eval(t, Limits{}, 200*time.Millisecond, "local x = 1\nlocal function f() error('bad') end\nf()")
	t.Logf("%v %+v", err, err)
}
