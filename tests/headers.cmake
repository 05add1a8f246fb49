# Every header compiles alone, all of them link from two files, and none defines a strong symbol.
# The list of headers is read from the folder, so a new header needs no line here.

option(LATENT_HEADERS_ALONE
       "The test `headers` compiles each header alone (OFF: only the target latent_headers does)" ON)

# Opt-in headers are checked where their dependency is found: name it in latent_needs_<header>,
# as a target, or as "nothing". One that is not named is left out.
set(latent_optional_headers mpi.hpp npy.hpp serialize.hpp)
set(latent_needs_mpi.hpp MPI::MPI_CXX)

file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR}/include CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/include/latent/*.hpp)
set(optional_targets "")
foreach(name IN LISTS latent_optional_headers)
  if(NOT latent/${name} IN_LIST headers)
    continue()
  endif()
  set(needs "${latent_needs_${name}}")
  if(needs STREQUAL "MPI::MPI_CXX")
    find_package(MPI QUIET COMPONENTS CXX)
  endif()
  if(needs AND TARGET ${needs})
    list(APPEND optional_targets ${needs})
  elseif(NOT needs STREQUAL "nothing")
    message(STATUS "latent/${name} is not checked: its dependency is not found")
    list(REMOVE_ITEM headers latent/${name})
  endif()
endforeach()

set(generated ${CMAKE_CURRENT_BINARY_DIR}/headers)
set(alone "")
set(plain "")  # of these, those without Eigen
set(all_includes "")
foreach(header IN LISTS headers)
  string(REPLACE "/" "." name "${header}")
  # Twice: the second is empty where the header guards itself.
  file(CONFIGURE OUTPUT ${generated}/${name}.cpp
       CONTENT "#include <${header}>\n#include <${header}>\n" @ONLY)
  list(APPEND alone ${generated}/${name}.cpp)
  file(STRINGS ${PROJECT_SOURCE_DIR}/include/${header} reaches_eigen
       REGEX "^#include (\"latent/|<Eigen/)")
  if(NOT reaches_eigen OR reaches_eigen STREQUAL "#include \"latent/version.hpp\"")
    list(APPEND plain ${generated}/${name}.cpp)
  endif()
  string(APPEND all_includes "#include <${header}>\n")
endforeach()
file(CONFIGURE OUTPUT ${generated}/all.cpp CONTENT "${all_includes}" @ONLY)
file(CONFIGURE OUTPUT ${generated}/main.cpp CONTENT "${all_includes}\nint main() {}\n" @ONLY)

add_library(latent_headers OBJECT EXCLUDE_FROM_ALL ${alone})
add_library(latent_all_headers OBJECT EXCLUDE_FROM_ALL ${generated}/all.cpp)
add_executable(latent_link EXCLUDE_FROM_ALL
  ${generated}/main.cpp $<TARGET_OBJECTS:latent_all_headers>)
foreach(target IN ITEMS latent_headers latent_all_headers latent_link)
  target_link_libraries(${target} PRIVATE latent::latent latent_warnings ${optional_targets})
  target_compile_options(${target} PRIVATE -Werror -g0)
endforeach()

# Parsing is all that is asked of them one by one. (The other two keep the optimiser: without it,
# constants of Eigen's own become symbols.)
target_compile_options(latent_headers PRIVATE -O0)

# Nearly all of that is Eigen/Core, which every header that knows a matrix has anyhow; clang reads it
# from a file in no time (g++ does not gain). A header that does not reach Eigen goes without.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND NOT CMAKE_CXX_CLANG_TIDY)
  target_precompile_headers(latent_headers PRIVATE <Eigen/Core>)
  set_source_files_properties(${plain} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endif()

# Built by the tests, so that a broken header is a failed test and not a build without tests.
function(latent_test_builds name target)
  add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --config $<CONFIG>
           --target ${target} --parallel 2)
  set_tests_properties(${name} PROPERTIES
    LABELS headers TIMEOUT 1500 RESOURCE_LOCK build_tree PROCESSORS 2)
endfunction()
if(LATENT_HEADERS_ALONE)
  latent_test_builds(headers latent_headers)
endif()
latent_test_builds(link.build latent_link)
set_tests_properties(link.build PROPERTIES FIXTURES_SETUP latent_link)
add_test(NAME link COMMAND latent_link)
set_tests_properties(link PROPERTIES LABELS headers FIXTURES_REQUIRED latent_link)

# Sanitizers add symbols of their own.
if(CMAKE_NM AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  latent_test_builds(nm.build latent_all_headers)  # alone: it must speak where the link fails too
  set_tests_properties(nm.build PROPERTIES FIXTURES_SETUP latent_all_headers)
  add_test(NAME nm COMMAND ${CMAKE_COMMAND} -D NM=${CMAKE_NM}
           -D OBJECT=$<TARGET_OBJECTS:latent_all_headers>
           -P ${CMAKE_CURRENT_SOURCE_DIR}/strong_symbols.cmake)
  set_tests_properties(nm PROPERTIES LABELS headers FIXTURES_REQUIRED latent_all_headers)
endif()
