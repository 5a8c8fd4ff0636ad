# cmake -DIN=file -DOUT=file.cc -DFUNCTION=name -P EmbedText.cmake
# Writes a function that returns the file's text, in pieces that every compiler takes.
file(READ "${IN}" text)
string(LENGTH "${text}" left)
set(pieces "")
set(at 0)
while(at LESS left)
  string(SUBSTRING "${text}" ${at} 8000 piece)
  string(APPEND pieces "R\"embedded(${piece})embedded\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE "${OUT}" "#include <string_view>\n\nnamespace rastro {\n\nstd::string_view ${FUNCTION}();\n"
  "std::string_view ${FUNCTION}() {\n  return\n${pieces}      ;\n}\n\n}  // namespace rastro\n")
