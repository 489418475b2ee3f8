@echo off
rem Called in the checkout's folder: installs what package-lock.json names, unless that is done.
rem install run: what the program needs. install all: what its tests need as well.
fc /b package-lock.json node_modules\.installed-all >nul 2>nul
if not errorlevel 1 exit /b 0
fc /b package-lock.json node_modules\.installed-%1 >nul 2>nul
if not errorlevel 1 exit /b 0
where npm >nul 2>nul
if errorlevel 1 (
  echo llm-proxy: npm was not found. Install Node.js 20 or later, which brings it. 1>&2
  exit /b 1
)
echo Installing packages (once) ... 1>&2
set OMIT=
if "%1"=="run" set OMIT=--omit=dev
call npm ci %OMIT% --no-fund --no-audit --loglevel=error
if errorlevel 1 exit /b 1
copy /y package-lock.json node_modules\.installed-%1 >nul
