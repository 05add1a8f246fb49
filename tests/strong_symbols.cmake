# Lists what OBJECT, a file that only includes headers, defines, and fails on anything that a
# header-only library must not define:
#   T D B R G S C ...  strong: two files that include the header do not link
#   b d                a variable of its own in every file that includes the header
#   _GLOBAL__sub_I_    code that runs before main
# Left: weak (W V w v) and unique (u) symbols, local functions and constants (t r n).
if(NOT EXISTS "${OBJECT}")
  message(FATAL_ERROR "no object file '${OBJECT}'")
endif()
execute_process(COMMAND ${NM} -C --defined-only ${OBJECT}
                OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE ";" "," symbols "${symbols}")
string(REPLACE "[" "(" symbols "${symbols}")  # an open bracket would join the lines of the list
string(REPLACE "]" ")" symbols "${symbols}")
string(REPLACE "\n" ";" symbols "${symbols}")
set(bad "")
foreach(line IN LISTS symbols)
  if(line MATCHES "^[0-9a-fA-F]+ ([A-Za-z]) (.*)$")
    if(NOT CMAKE_MATCH_1 MATCHES "^[WVwvutrn]$" OR CMAKE_MATCH_2 MATCHES "^_GLOBAL__sub_I_")
      string(APPEND bad "\n  ${line}")
    endif()
  endif()
endforeach()
if(bad)
  message(FATAL_ERROR "including the headers defines:${bad}")
endif()
