# cmake -DIN=file -DOUT=file.cc -DFUNCTION=name -P EmbedText.cmake
# Writes a function that returns the file's text, in pieces that every compiler takes.
file(READ "${IN}" text)
string(LENGTH "${text}" left)
set(pieces "")
set(at 0)
while(at LESS left)
  string(SUBSTRING "${text}" ${at} 8000 piece)
  math(EXPR at "${at} + 8000")
  if(at LESS left)
    # To a line's end: a letter of several bytes stays in one piece.
    string(FIND "${piece}" "\n" end REVERSE)
    math(EXPR at "${at} - 8000 + ${end} + 1")
    string(SUBSTRING "${piece}" 0 ${end} piece)
    string(APPEND piece "\n")
  endif()
  string(APPEND pieces "R\"embedded(${piece})embedded\"\n")
endwhile()
file(WRITE "${OUT}" "#include <string_view>\n\nnamespace rastro {\n\nstd::string_view ${FUNCTION}();\n"
  "std::string_view ${FUNCTION}() {\n  return\n${pieces}      ;\n}\n\n}  // namespace rastro\n")
