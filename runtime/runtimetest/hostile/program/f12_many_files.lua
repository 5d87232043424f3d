-- expect: timeout | attacks: walking 20,000 files again and again
-- setup: mkdir d; cd d; seq 20000 | xargs touch
while true do fs.walk(".") fs.glob("**") fs.usage(".") fs.list("d") end
