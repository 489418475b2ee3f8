@echo off
rem Installs the packages of the console and builds it into console\dist, as prepare-console.sh does on other systems.
setlocal
cd /d "%~dp0\.."
if not exist console\package-lock.json exit /b 0
fc /b console\package-lock.json console\node_modules\.installed >nul 2>&1 && goto build
pushd console
call npm ci --omit=dev --no-fund --no-audit --loglevel=error >nul
popd
if errorlevel 1 exit /b 1
copy /y console\package-lock.json console\node_modules\.installed >nul
:build
node_modules\.bin\bun console\build.ts >nul
