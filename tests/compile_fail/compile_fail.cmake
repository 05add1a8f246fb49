# Misuse that must not compile: every tests/compile_fail/*.cpp begins with
#   // expect: <text that the compiler must say>
# More such lines may follow, for compilers that say it otherwise; one of them is enough.

file(GLOB compile_fail_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/*.cpp)

function(latent_test_compile_fails name file)
  add_test(NAME ${name} COMMAND ${CMAKE_COMMAND}
    -D COMPILER=${CMAKE_CXX_COMPILER}
    -D FILE=${file}
    -D INCLUDE=${PROJECT_SOURCE_DIR}/include
    -D "SYSTEM_INCLUDE=$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>"
    -P ${PROJECT_SOURCE_DIR}/tests/compile_fail/run.cmake)
  set_tests_properties(${name} PROPERTIES LABELS compile_fail)
endfunction()

foreach(file IN LISTS compile_fail_files)
  get_filename_component(name ${file} NAME_WE)
  latent_test_compile_fails("compile_fail/${name}" ${file})
endforeach()

# The mechanism itself: it accepts the right failure, and nothing else.
set(generated ${CMAKE_CURRENT_BINARY_DIR}/compile_fail)
file(CONFIGURE OUTPUT ${generated}/right.cpp @ONLY CONTENT
"// expect: a rule is broken
static_assert(sizeof(char) == 2, \"a rule is broken\");
")
file(CONFIGURE OUTPUT ${generated}/compiles.cpp @ONLY CONTENT
"// expect: a rule is broken
static_assert(sizeof(char) == 1, \"a rule is broken\");
")
file(CONFIGURE OUTPUT ${generated}/other_reason.cpp @ONLY CONTENT
"// expect: a rule is broken
#include <latent/no_such_header.hpp>
")
file(CONFIGURE OUTPUT ${generated}/says_nothing.cpp @ONLY CONTENT
"static_assert(sizeof(char) == 2);
")
latent_test_compile_fails("compile_fail self-check: the expected failure passes" ${generated}/right.cpp)
foreach(name IN ITEMS compiles other_reason says_nothing)
  latent_test_compile_fails("compile_fail self-check: ${name} is refused" ${generated}/${name}.cpp)
  # A regular expression and not WILL_FAIL, which would be content with a script that crashes.
  set_tests_properties("compile_fail self-check: ${name} is refused" PROPERTIES
    PASS_REGULAR_EXPRESSION "compile_fail refuses")
endforeach()
