# Uses the library in one WAY, from the empty folder SCRATCH. Given by consume.cmake.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# configure(<source> <folder> ...): the exit code in `failed`, everything printed in `said`.
macro(configure source folder)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${source} -B ${SCRATCH}/${folder} -G ${GENERATOR}
            -D CMAKE_CXX_COMPILER=${COMPILER} ${ARGN}
    RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
endmacro()

macro(must_configure source)
  configure(${source} build ${ARGN})
  if(failed)
    message(FATAL_ERROR "${said}")
  endif()
endmacro()

# A message of CMake is wrapped, so compare without spaces and line ends.
macro(must_refuse what text)
  string(REGEX REPLACE "[ \n]+" " " flat "${said}")
  string(FIND "${flat}" "${text}" at)
  if(NOT failed OR at EQUAL -1)
    message(FATAL_ERROR "${what} must be refused with '${text}', but:\n${said}")
  endif()
endmacro()

function(build_and_run)
  run(${CMAKE_COMMAND} --build ${SCRATCH}/build)
  run(${SCRATCH}/build/consumer)
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH})
set(consumer ${SOURCE}/tests/consume/${WAY})

if(WAY STREQUAL "find_package")
  # Installed in one place and moved to another: the package holds no absolute path.
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/before)
  file(RENAME ${SCRATCH}/before ${SCRATCH}/installed)
  set(found -D CMAKE_PREFIX_PATH=${SCRATCH}/installed -D Eigen3_DIR=${EIGEN_DIR})
  must_configure(${consumer} ${found} -D LATENT_ASK_VERSION=${VERSION})
  build_and_run()
  if(NOT EXISTS ${SCRATCH}/installed/share/doc/latent/LICENSE)
    message(FATAL_ERROR "the licence is not installed")
  endif()
  configure(${consumer} next_major ${found} -D LATENT_ASK_VERSION=1000)
  must_refuse("another major version" "compatible with requested version \"1000\"")

elseif(WAY STREQUAL "add_subdirectory")
  must_configure(${consumer} -D LATENT_SOURCE=${SOURCE} -D Eigen3_DIR=${EIGEN_DIR})
  build_and_run()

elseif(WAY STREQUAL "fetch_content")
  must_configure(${consumer} -D FETCHCONTENT_SOURCE_DIR_LATENT=${SOURCE}
                 -D FETCHCONTENT_FULLY_DISCONNECTED=ON -D Eigen3_DIR=${EIGEN_DIR})
  build_and_run()

elseif(WAY STREQUAL "include_only")
  set(flags -I ${SOURCE}/include)
  foreach(folder IN LISTS EIGEN_INCLUDE)
    list(APPEND flags -isystem ${folder})
  endforeach()
  run(${COMPILER} -std=c++20 ${flags} ${SOURCE}/tests/consume/main.cpp -o ${SCRATCH}/consumer)
  run(${SCRATCH}/consumer)

elseif(WAY STREQUAL "eigen_versions")
  # Stand-ins for Eigen packages: they only tell a version, and like the real ones accept a request
  # for their own major version alone.
  foreach(version IN ITEMS 3.3.9 3.4.0 5.0.0)
    set(fake ${SCRATCH}/eigen-${version})
    file(WRITE ${fake}/Eigen3Config.cmake "add_library(Eigen3::Eigen INTERFACE IMPORTED)\n")
    file(WRITE ${fake}/Eigen3ConfigVersion.cmake "
set(PACKAGE_VERSION ${version})
string(REGEX MATCH \"^[0-9]+\" major ${version})
if(NOT PACKAGE_FIND_VERSION OR PACKAGE_FIND_VERSION_MAJOR EQUAL major)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
")
  endforeach()
  set(bare -D LATENT_BUILD_TESTS=OFF -D LATENT_BUILD_EXAMPLES=OFF)
  configure(${SOURCE} old ${bare} -D Eigen3_DIR=${SCRATCH}/eigen-3.3.9)
  must_refuse("Eigen 3.3.9" "latent needs Eigen 3.4 or newer, but found Eigen 3.3.9")
  foreach(version IN ITEMS 3.4.0 5.0.0)
    configure(${SOURCE} new-${version} ${bare} -D Eigen3_DIR=${SCRATCH}/eigen-${version})
    if(failed)
      message(FATAL_ERROR "Eigen ${version} must be accepted, but:\n${said}")
    endif()
  endforeach()
  # The installed package asks the same question.
  run(${CMAKE_COMMAND} --install ${SCRATCH}/new-3.4.0 --prefix ${SCRATCH}/installed)
  configure(${SOURCE}/tests/consume/find_package installed-old
            -D CMAKE_PREFIX_PATH=${SCRATCH}/installed -D Eigen3_DIR=${SCRATCH}/eigen-3.3.9)
  must_refuse("Eigen 3.3.9" "latent needs Eigen 3.4 or newer, but found Eigen 3.3.9")

else()
  message(FATAL_ERROR "no such way: '${WAY}'")
endif()
