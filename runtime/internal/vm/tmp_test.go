package vm
import ("testing";"time")
func TestTmp(t *testing.T) {
out, err := eval(t, Limits{}, time.Second, `
 local function cc(a,b) return a .. b end
 local function g(s) s = (cc(s,"x")) return s end print(pcall(g,"13"))
 local function g(a,s) s = (cc(s,"x")) return s end print(pcall(g,"13",14))
 local function g(a,s) s,a = (cc(s,"x")),1 return s,a end print(pcall(g,"13",14))
 local function g(a,s) s,a = cc(s,"x"),1 return s,a end print(pcall(g,"13",14))
 local function g(a,s) a,s = 2,(cc(s,"x")) return s,a end print(pcall(g,"13",14))
 local function g(a,s) s,a = (cc(s,"x")) return s,a end print(pcall(g,"13",14))
 local function g(a,s) s,a = s.."x", s.."z" return s,a end print(pcall(g,"13",14))
 local function g(a,s) s = s.."x" return s,a end print(pcall(g,"13",14))
 local function g(a,s) local x = s.."x" local s = s..x return s,a,x end print(pcall(g,"13",14))
 local function g(a,...) a = a.. (...) return a end print(pcall(g,"13",14))
 local function g(...) local a,b = ... , ...  a = a..b return a, (...).."x" end print(pcall(g,"13",14))
 local function g(s) if s.."x" == "ax" then return s.."y" end s = s and s.."q" or s.."z" return s end print(g"a",g"b")
 local function g(s) while #(s) < 10 do s = s..s end repeat s = s.."." until #s > 20 return s end print(g"a",g"b")
 local t = {} t.a = "x".."y" t["k".."z"], t[1] = 1 .. 2, 3 .. "" print(t.a,t.kz,t[1])
 local function g(s) local f = function() s = s.."u" end f() f() return s end print(g"a",g"b")
 print(("a".."b"):upper(), #("a".."bc"), -("1".."2"), not ("a".."b"))
 for i = "1".."0", 12 do io = io; print(i) end
`)
t.Log(out, err)
}
