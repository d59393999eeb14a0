// Package gojabench measures package basescript beside goja, the engine whose parser it borrows, on
// the same work in the same run. It is a module of its own so that goja the engine never becomes a
// dependency of the product.
//
//	go test -run Ratios -ratios              the table: medians of both sides in turns, ratio, bar
//	go test -run '^$' -bench . -benchmem     every side alone, for profiles
//	go test -run RandomProgramsAgree$ -programs 20000 -seed 1   random programs print what they do in goja
//	go test -run WithNode -node 20000 -seed 1                   and in node, which judges let, try and eval together
//	go test -run FormsAgree -forms 500 -seed 1                  and in every form the dialect can run them in
//
// The table's figures are processor time, garbage included, on one processor (where the system tells
// it; else time gone by), so that other processes hardly distort them. Single figures of a shared machine
// mean little all the same; -rounds sets how many rounds the medians are of.
// goja has its runtime set up once and reused, ours begins each call with a fresh environment.
package gojabench
