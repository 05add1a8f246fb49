# Draws the table of bench_kmeans_grid: gnuplot -c kmeans_grid.gp TABLE.csv PICTURE.png
table = ARG1
set terminal pngcairo size 1000,780 font 'sans,11'
set output ARG2
set datafile separator ','
set datafile missing NaN  # lines go on over rows of other algorithms
set logscale x 2
set logscale y 10
set xrange [1.7:300]
set format y '10^{%T}'
set xlabel 'columns'
set ylabel 'processor seconds an iteration'
set grid
set key top left Left reverse samplen 2
names = 'lloyd hamerly exponion yinyang projected automatic'
colours = '#000000 #0072b2 #009e73 #cc79a7 #d55e00 #999999'
dash(i) = i == 6 ? 3 : 1  # parentheses after dashtype mean a pattern
set multiplot layout 2,2 title 'k-means, 20,000 rows, one thread'
do for [k in '16 64 256 1024'] {
  set title k . ' clusters'
  plot for [i = 1:6] table using \
      (strcol(2) eq k && strcol(3) eq word(names, i) ? $1 : NaN):5 with linespoints \
      linewidth (i == 6 ? 5 : 2) dashtype dash(i) pointtype (i == 6 ? 6 : i) \
      linecolor rgb word(colours, i) title word(names, i)
}
unset multiplot
