# The one place that says which Eigen is new enough; the installed package file reads it too.
# Sets <result> to what is wrong, or to nothing. An Eigen brought as a target by a surrounding
# project may not tell its version; then the compiler is left to judge.
function(latent_check_eigen result)
  set(found "")
  foreach(name IN ITEMS Eigen3_VERSION EIGEN3_VERSION_STRING EIGEN3_VERSION)
    if(NOT found AND ${name})
      set(found "${${name}}")
    endif()
  endforeach()
  set(problem "")
  if(found AND found VERSION_LESS 3.4)
    set(problem "latent needs Eigen 3.4 or newer, but found Eigen ${found} (Eigen3_DIR is '${Eigen3_DIR}'). Install a newer one (Debian, Ubuntu: libeigen3-dev), or set Eigen3_DIR to the folder of its Eigen3Config.cmake.")
  endif()
  set(${result} "${problem}" PARENT_SCOPE)
endfunction()
